// drift says what Flux's comparison takes for drift: drift HELMRELEASE MANIFEST
//
// HELMRELEASE is a file with the object, MANIFEST what `helm get manifest` prints of the release. It puts to the library
// of Flux's helm-controller the question that the controller puts to it: would a server-side apply of the rendered
// objects change those of the cluster, apart from what `spec.driftDetection.ignore` excepts? Prints each change, and
// each again that only the exceptions hide. Exit code 1 means that there is drift.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/fluxcd/helm-controller/api/v2"
	"github.com/fluxcd/pkg/ssa/jsondiff"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/yaml"
)

func main() {
	drifted, err := run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "drift:", err)
		os.Exit(2)
	}
	if drifted {
		os.Exit(1)
	}
}

func run(ctx context.Context) (bool, error) {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return false, err
	}
	var release v2.HelmRelease
	if err := yaml.UnmarshalStrict(text, &release); err != nil {
		return false, err
	}
	configuration, err := config.GetConfig()
	if err != nil {
		return false, err
	}
	dryRun := true
	cluster, err := client.New(configuration, client.Options{DryRun: &dryRun})
	if err != nil {
		return false, err
	}

	changes, err := compare(ctx, cluster, release, rules(release))
	if err != nil {
		return false, err
	}
	all, err := compare(ctx, cluster, release, nil)
	if err != nil {
		return false, err
	}
	show("drift", changes)
	show("without the exceptions", all)
	return changes.HasChanges(), nil
}

func compare(ctx context.Context, cluster client.Client, release v2.HelmRelease, rules jsondiff.IgnoreRules) (jsondiff.DiffSet, error) {
	manifest, err := os.Open(os.Args[2])
	if err != nil {
		return nil, err
	}
	defer manifest.Close()
	objects, err := utils.ReadObjects(manifest)
	if err != nil {
		return nil, err
	}
	if err := normalize.UnstructuredListWithScheme(objects, cluster.Scheme()); err != nil {
		return nil, err
	}
	for _, object := range objects {
		// As Helm does when it makes them.
		labels, annotations := object.GetLabels(), object.GetAnnotations()
		if labels == nil {
			labels = map[string]string{}
		}
		if annotations == nil {
			annotations = map[string]string{}
		}
		labels["app.kubernetes.io/managed-by"] = "Helm"
		annotations["meta.helm.sh/release-name"] = release.GetReleaseName()
		annotations["meta.helm.sh/release-namespace"] = release.GetReleaseNamespace()
		object.SetLabels(labels)
		object.SetAnnotations(annotations)
		namespaced, err := apiutil.IsObjectNamespaced(object, cluster.Scheme(), cluster.RESTMapper())
		if err != nil {
			return nil, err
		}
		if namespaced && object.GetNamespace() == "" {
			object.SetNamespace(release.GetReleaseNamespace())
		}
	}
	options := []jsondiff.ListOption{
		jsondiff.FieldOwner("helm-controller"), jsondiff.Rationalize(true), jsondiff.Graceful(true),
		jsondiff.ExclusionSelector{v2.DriftDetectionMetadataKey: v2.DriftDetectionDisabledValue},
	}
	if len(rules) > 0 {
		options = append(options, rules)
	}
	return jsondiff.UnstructuredList(ctx, cluster, objects, options...)
}

// rules are the exceptions of the release in the words of the library.
func rules(release v2.HelmRelease) jsondiff.IgnoreRules {
	var rules jsondiff.IgnoreRules
	for _, ignored := range release.GetDriftDetection().Ignore {
		rule := jsondiff.IgnoreRule{Paths: ignored.Paths}
		if target := ignored.Target; target != nil {
			rule.Selector = &jsondiff.Selector{
				Group: target.Group, Version: target.Version, Kind: target.Kind, Name: target.Name, Namespace: target.Namespace,
				AnnotationSelector: target.AnnotationSelector, LabelSelector: target.LabelSelector,
			}
		}
		rules = append(rules, rule)
	}
	return rules
}

func show(what string, changes jsondiff.DiffSet) {
	for _, change := range changes {
		if change.Type == jsondiff.DiffTypeNone || change.Type == jsondiff.DiffTypeExclude {
			continue
		}
		name := change.DesiredObject.GetObjectKind().GroupVersionKind().Kind + "/" + change.DesiredObject.GetName()
		fmt.Printf("%s: %s of %s\n", what, change.Type, name)
		for _, operation := range change.Patch {
			fmt.Printf("  %s %s\n", operation.Type, operation.Path)
		}
	}
}
