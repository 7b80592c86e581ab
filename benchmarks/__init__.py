"""One file a question, each against a floor or a peer, in one run. README.md has the results."""
