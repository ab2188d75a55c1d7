"""An ordinary FastAPI app with one catch-all route. It knows nothing of the door in front of it."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

# No /docs and no /openapi.json: the catch-all is to catch all.
app = FastAPI(openapi_url=None)


@app.get("/{path:path}", response_class=PlainTextResponse)
async def answer(path: str) -> str:
    return f"I'm Python!\r\n[{path}]\r\n"
