"""What /generate takes and gives."""

from pydantic import BaseModel, ConfigDict, Field


class GenerationRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(description="The text to go on from.")
    max_tokens: int | None = Field(
        default=None, ge=1, description="At most so many words; without it as many as there may be."
    )
    seed: int | None = Field(default=None, ge=0, lt=2**32, description="The same seed gives the same text.")


class ModelName(BaseModel):
    name: str
    version: str
    digest: str


class GenerationAnswer(BaseModel):
    text: str
    seed: int
    model: ModelName
