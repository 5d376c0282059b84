"""POST /generate writes text: yours."""

import random

from fastapi import APIRouter

from src._core.context import Serving
from src.dataclasses.generation import GenerationAnswer, GenerationRequest, ModelName
from src.routers.model import WordPairs

router = APIRouter(tags=["generation"])


@router.post("/generate")
async def generate(request: GenerationRequest, serving: Serving) -> GenerationAnswer:
    """Words that may follow those of the prompt."""
    model: WordPairs = serving.model
    words = serving.prompt(request.prompt).split()
    serving.limits.input(len(words))
    count = serving.limits.output(request.max_tokens)
    seed = random.getrandbits(32) if request.seed is None else request.seed
    written = await serving.in_thread(lambda: list(model.write(words, count, seed)))
    serving.limits.made(len(written))
    return GenerationAnswer(text=" ".join(written), seed=seed, model=ModelName(**vars(serving.identity)))
