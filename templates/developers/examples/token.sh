export REGISTRY_TOKEN='{{ token }}'
