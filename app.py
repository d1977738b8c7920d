"""The web app. Start it with ``loccit chat``, or without the PDF viewer with ``streamlit run app.py``.

It serves the index at LOCCIT_INDEX, a folder or the address of a database, or the default index.
"""

from __future__ import annotations

import streamlit as st

from index.errors import LoccitError
from qa.web import sign_in, state
from qa.web.component import LOGO, PAGE_STYLES, show_error
from qa.web.pages import ask, evaluation, papers, table

st.set_page_config(page_title="Loccit", layout="wide", initial_sidebar_state="collapsed")
st.html(PAGE_STYLES)
if sign_in.needed():
    sign_in.page()
    st.stop()
_PAGES = [
    st.Page(ask.page, title="Ask", url_path="ask", default=True),
    st.Page(table.page, title="Table", url_path="table"),
    st.Page(papers.page, title="Papers", url_path="papers"),
    st.Page(evaluation.page, title="Evaluation", url_path="evaluation"),
    st.Page(evaluation.feedback_page, title="Feedback", url_path="feedback"),
]
st.session_state["pages"] = {page.url_path: page for page in _PAGES}
st.logo(str(LOGO), size="large")
chosen = st.navigation(_PAGES, position="top")
with st.container(key="nav", horizontal=True):  # on narrow screens, where Streamlit hides its own
    for page in _PAGES:
        st.page_link(page)
state.refresh()
try:
    chosen.run()
except LoccitError as error:  # a database went down while the page was drawn
    show_error("This page cannot be shown completely", error, "page-failed")
sign_in.show_person()
