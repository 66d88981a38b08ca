"""Exchange Web Services as they answer to calendar work: read a request strictly, carry it out, answer in form."""
