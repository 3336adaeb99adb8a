"""From page to page: the search, the end of the story, a wrong address."""
