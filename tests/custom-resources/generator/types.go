// Package types names the packages that definitions are made from, so that `go mod tidy` keeps their modules.
package types

import _ "github.com/fluxcd/helm-controller/api/v2"
