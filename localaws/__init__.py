"""AWS on this machine: MiniStack with an AWS Batch that really runs jobs, IAM enforced, and an inbox.

`localaws.instance` starts and stops it; README.md says what is real and what is not. Nothing here knows of
the stacks that are deployed to it.
"""
