"""The web app: pages, the component that shows text of papers, the server. Nothing below imports it."""
