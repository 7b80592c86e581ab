"""Greets whom its command names, and says where it runs."""

import os
import sys

print(f"Hello {sys.argv[1]} from {os.environ['AWS_BATCH_JOB_ID']} on {os.environ['AWS_EXECUTION_ENV']}")
