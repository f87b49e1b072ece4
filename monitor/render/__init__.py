"""Rendering: what is told of an alert, as a document for programs and as text for people.

Pure: values in, bytes or text out. It must not know sinks, terminals or files, and never shows a stranger's text unguarded.
"""
