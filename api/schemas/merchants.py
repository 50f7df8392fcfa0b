"""How a merchant is named in calls beside the decision's."""

from typing import Annotated

from pydantic import Field

MerchantId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$")]
