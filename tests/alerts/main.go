// Says when alerts fire, by Prometheus's own engine. Reads rules, and cases with series and questions, as JSON from
// standard input; prints for each case and each of its questions the labels of the alerts that fire.
//
// What `promtool test rules` does as well; but promtool brings a storage and every kind of service discovery along.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Time between samples of a series, and between evaluations of a rule.
const interval = time.Minute

type input struct {
	Rules []rule
	Cases []struct {
		// Series with their values, such as `up{job="a"}` and `0x5 1+1x10`.
		Series    map[string]string
		Questions []struct {
			At    model.Duration
			Alert string
		}
	}
}

type rule struct {
	Alert  string
	Expr   string
	For    model.Duration
	Labels map[string]string
}

func main() {
	var given input
	check(json.NewDecoder(os.Stdin).Decode(&given))
	reader := parser.NewParser(parser.Options{})
	rules := map[string]rule{}
	for _, rule := range given.Rules {
		_, err := reader.ParseExpr(rule.Expr)
		check(err)
		rules[rule.Alert] = rule
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: reader})
	answers := [][][]labels.Labels{}
	for _, one := range given.Cases {
		stored, err := store(reader, one.Series)
		check(err)
		answered := [][]labels.Labels{}
		for _, question := range one.Questions {
			rule, ok := rules[question.Alert]
			if !ok {
				check(fmt.Errorf("there is no alert %s", question.Alert))
			}
			fires, err := firing(engine, stored, rule, time.Duration(question.At))
			check(err)
			answered = append(answered, fires)
		}
		answers = append(answers, answered)
	}
	check(json.NewEncoder(os.Stdout).Encode(answers))
}

// The labels of what fires at a time: what was there at every evaluation for as long as the rule wants.
func firing(engine *promql.Engine, stored samples, rule rule, at time.Duration) ([]labels.Labels, error) {
	type pending struct {
		labels labels.Labels
		since  time.Duration
	}
	active := map[string]pending{}
	for now := time.Duration(0); now <= at; now += interval {
		query, err := engine.NewInstantQuery(context.Background(), stored, nil, rule.Expr, time.UnixMilli(now.Milliseconds()))
		if err != nil {
			return nil, err
		}
		vector, err := query.Exec(context.Background()).Vector()
		if err != nil {
			return nil, err
		}
		still := map[string]pending{}
		for _, sample := range vector {
			builder := labels.NewBuilder(sample.Metric).Del(model.MetricNameLabel)
			for name, value := range rule.Labels {
				builder.Set(name, value)
			}
			alert := pending{labels: builder.Labels(), since: now}
			if before, ok := active[alert.labels.String()]; ok {
				alert.since = before.since
			}
			still[alert.labels.String()] = alert
		}
		active = still
		query.Close()
	}
	fires := []labels.Labels{}
	for _, alert := range active {
		if at-alert.since >= time.Duration(rule.For) {
			fires = append(fires, alert.labels)
		}
	}
	slices.SortFunc(fires, labels.Compare)
	return fires, nil
}

// Series in memory.
type samples []storage.Series

func store(reader parser.Parser, series map[string]string) (samples, error) {
	var stored samples
	for name, values := range series {
		description, sequence, err := reader.ParseSeriesDesc(name + " " + values)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", name, values, err)
		}
		var list []chunks.Sample
		for index, value := range sequence {
			if !value.Omitted {
				list = append(list, sample{at: int64(index) * interval.Milliseconds(), value: value.Value})
			}
		}
		stored = append(stored, storage.NewListSeries(description, list))
	}
	slices.SortFunc(stored, func(left, right storage.Series) int { return labels.Compare(left.Labels(), right.Labels()) })
	return stored, nil
}

func (all samples) Querier(_, _ int64) (storage.Querier, error) { return querier{all}, nil }

type querier struct{ all samples }

func (querier querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, series := range querier.all {
		isMeant := func(matcher *labels.Matcher) bool { return matcher.Matches(series.Labels().Get(matcher.Name)) }
		if !slices.ContainsFunc(matchers, func(matcher *labels.Matcher) bool { return !isMeant(matcher) }) {
			found = append(found, series)
		}
	}
	return &set{series: found}
}

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) Close() error { return nil }

// What was found, read one by one.
type set struct {
	series []storage.Series
	next   int
}

func (set *set) Next() bool {
	set.next++
	return set.next <= len(set.series)
}

func (set *set) At() storage.Series                { return set.series[set.next-1] }
func (set *set) Err() error                        { return nil }
func (set *set) Warnings() annotations.Annotations { return nil }

type sample struct {
	at    int64
	value float64
}

func (one sample) T() int64                      { return one.at }
func (one sample) ST() int64                     { return 0 }
func (one sample) F() float64                    { return one.value }
func (one sample) H() *histogram.Histogram       { return nil }
func (one sample) FH() *histogram.FloatHistogram { return nil }
func (one sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (one sample) Copy() chunks.Sample           { return one }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
}
