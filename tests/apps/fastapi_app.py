"""FastAPI as its tutorial has it: the documentation page is at /docs."""
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item}")
def read(item: int) -> dict[str, int]:
    return {"item": item}
