"""Gradio: a button that asks the server."""
import gradio as gr

with gr.Blocks() as demo:
    name = gr.Textbox(label="Name")
    greeting = gr.Textbox(label="Greeting")
    gr.Button("Greet").click(lambda name: f"Hello {name}", name, greeting)

demo.launch()
