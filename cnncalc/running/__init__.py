"""Many tasks, done in order: here, by processes of this machine, or on Dask. Nobody here knows what a task is."""
