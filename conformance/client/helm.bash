# Helm 3: charts as artifacts.

charts=oci://$registry/$namespace/charts
export HELM_CONFIG_HOME=$work/helm/config HELM_CACHE_HOME=$work/helm/cache HELM_DATA_HOME=$work/helm/data
export HELM_REGISTRY_CONFIG=$work/helm/registry.json

refuse 'helm: a wrong password is refused' 'unauthorized|denied|401' \
  helm registry login --plain-http --username "$user" --password "wrong-$password" "$registry"
check 'helm: login' helm registry login --plain-http --username "$user" --password "$password" "$registry"
check 'helm: create a chart' helm create "$work/helm/anchor"
check 'helm: package it' helm package --version 1.2.3 --destination "$work/helm" "$work/helm/anchor"
check 'helm: package a version with build metadata' helm package --version 1.2.4+build.7 --destination "$work/helm" "$work/helm/anchor"
check 'helm: push' helm push --plain-http "$work/helm/anchor-1.2.3.tgz" "$charts"
digest=$(grep -oE 'sha256:[0-9a-f]{64}' "$work/output" | head -n 1)
check 'helm: push the version with build metadata' helm push --plain-http "$work/helm/anchor-1.2.4+build.7.tgz" "$charts"
mkdir -p "$work/helm/pulled"
check 'helm: pull by version' helm pull --plain-http --version 1.2.3 --destination "$work/helm/pulled" "$charts/anchor"
equal 'helm: the chart is whole' "$(digest_of "$work/helm/anchor-1.2.3.tgz")" "$(digest_of "$work/helm/pulled/anchor-1.2.3.tgz")"
check 'helm: pull by digest' helm pull --plain-http --destination "$work/helm/pulled" "$charts/anchor@$digest"
check 'helm: pull the version with build metadata' helm pull --plain-http --version 1.2.4+build.7 --destination "$work/helm/pulled" "$charts/anchor"
check 'helm: the newest of a range' helm show chart --plain-http --version '^1.0.0' "$charts/anchor"
printed 'helm: the range found it' 'version: 1.2.4+build.7'
check 'helm: render from the registry' helm template --plain-http --version 1.2.3 release "$charts/anchor"
refuse 'helm: a missing version is not found' 'not found|could not locate' \
  helm pull --plain-http --version 9.9.9 --destination "$work/helm/pulled" "$charts/anchor"
check 'helm: logout' helm registry logout "$registry"
refuse 'helm: an anonymous pull is refused' 'unauthorized|denied|401|credential' \
  helm pull --plain-http --version 1.2.3 --destination "$work/helm/pulled" "$charts/anchor"
unset HELM_CONFIG_HOME HELM_CACHE_HOME HELM_DATA_HOME HELM_REGISTRY_CONFIG
