"""The boundary of Python's questions: what is asked wrongly is told before anything is computed."""
