"""Words to a Task and its structures."""
