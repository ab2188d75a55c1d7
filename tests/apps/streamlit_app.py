"""Streamlit: everything it shows comes over its WebSocket."""
import streamlit as st

st.title("Streamlit below a prefix")
if st.button("Press"):
    st.write("It was pressed")
