"""From page to page: the place, the end of the story, a wrong address."""
