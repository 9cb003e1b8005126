//! What a real API server does not do on demand.
