"""What is found -> pages: which words, rows and data answer each command. No command knows a form, no form a page."""
