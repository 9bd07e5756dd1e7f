"""What a pool of workers would do under a load: a simulator of queue, instances and autoscaling."""
