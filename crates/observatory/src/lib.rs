//! Watchpost.
