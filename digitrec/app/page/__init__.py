"""What the whole page shares: words, header, samples, links to the course, notices, guards."""
