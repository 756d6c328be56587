// The definitions of kinds that others bring and the chart can make. Nothing is built: the files are in these modules.
module slicegate.dev/tests/definitions

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
