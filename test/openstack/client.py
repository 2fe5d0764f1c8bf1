"""What python-watcherclient sees of the infra-optim endpoint that the catalog names; prints one JSON document.

Reads, and writes that leave nothing behind: an audit template made, changed and deleted. OS_* as usual."""
import json
import os

from watcherclient import client

KEYS = ('auth_url', 'username', 'password', 'project_name', 'user_domain_name', 'project_domain_name', 'region_name')
NAME = 'Pr\u00fcfung \u2713 rollback test'


def main():
    settings = {'os_' + key: os.environ['OS_' + key.upper()] for key in KEYS}
    watcher = client.get_client('1', os_infra_optim_api_version='1.3', **settings)
    plans = watcher.action_plan.list(limit=0)
    pages = []
    for _ in range(2):  # as a client pages: by the marker
        pages += watcher.action_plan.list(limit=1, marker=pages[-1].uuid if pages else None)
    goal = next(one for one in watcher.goal.list() if one.name == 'dummy')
    template = watcher.audit_template.create(name=NAME, goal=goal.uuid, description='one')
    try:
        patch = [{'op': 'replace', 'path': '/description', 'value': 'two'}]
        changed = watcher.audit_template.update(template.uuid, patch)
    finally:
        watcher.audit_template.delete(template.uuid)
    left = [one.uuid for one in watcher.audit_template.list(limit=0)]
    print(json.dumps({
        'endpoint': watcher.http_client.get_endpoint(),
        'plans': [plan.uuid for plan in plans],
        'pages': [plan.uuid for plan in pages],
        'shown': watcher.action_plan.get(plans[0].uuid).uuid,
        'strategies': [one.name for one in watcher.strategy.list()],
        'actions': len(watcher.action.list(limit=5)),
        'template': {'name': template.name, 'description': changed.description, 'deleted': template.uuid not in left},
    }))


main()
