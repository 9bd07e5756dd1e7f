"""What Celery on a cluster adds to Celery on instances: times, probes, and KEDA's part."""
