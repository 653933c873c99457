"""Static content: files below a directory, single files, and any file object."""
