"""Native forms -> documents. A reader yields documents, or says why a piece could not be read."""
