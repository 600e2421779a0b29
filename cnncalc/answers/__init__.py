"""What comes back from a question: records of numbers, without a form."""
