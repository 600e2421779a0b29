"""What the page asks, answered in Python: by Pyodide in its worker, by any Python in tests. JSON goes in and out."""
