"""What the use cases need from outside, as protocols: `pulse.aws` has the real ones, tests have their own.

All methods raise Unavailable when the service fails in passing and Misconfigured when it denies the call.
"""
