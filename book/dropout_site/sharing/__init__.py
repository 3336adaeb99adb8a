"""What other sites show of a page: a description, a card, the sitemap."""
