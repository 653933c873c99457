"""What every layer above needs while a request runs: context, errors, URLs, logs."""
