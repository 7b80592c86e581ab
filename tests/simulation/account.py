"""The account and region all simulated services are in."""

ACCOUNT, REGION = "123456789012", "us-east-1"
