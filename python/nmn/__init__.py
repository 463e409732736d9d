"""What plays a task in Python for nmn. The programs carry these files and start them; nothing here is for import by a task."""
