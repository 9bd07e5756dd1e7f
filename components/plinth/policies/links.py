"""Where AWS explains its Security Hub controls."""


def hub(control: str) -> str:
    """Return the address of a control's explanation, by its id, such as ``RDS.3``."""
    service, _, _ = control.partition(".")
    page = f"https://docs.aws.amazon.com/securityhub/latest/userguide/{service.lower()}-controls"
    return f"{page}.html#{control.lower().replace('.', '-')}"
