"""The OpenAPI 3.1 document: drf-spectacular lists the endpoints, what each takes and answers is
read from its Operation, and the plugins that the caller may see are added with their schemas."""
