"""What is shown of annotated transcripts: tables, annotated copies, the terminal."""
