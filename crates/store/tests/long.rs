//! What takes minutes: `./check --long`.
