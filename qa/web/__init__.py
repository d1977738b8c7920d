"""The web app's parts that need Streamlit: pages, the component that shows papers' text, the server.

Part of the face, like ``app.py`` and the command line: nothing below imports it.
"""
