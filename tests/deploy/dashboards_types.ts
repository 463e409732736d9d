// What a committed dashboard must be, from Grafana's own schema. dashboards_types.sh writes each as a literal of type DashboardJson.
import type { AnnotationQuery, Dashboard, DataQuery, FieldConfigSource, GraphFieldConfig, Panel, RowPanel, TableFieldOptions } from '@grafana/schema';
import type { Options as BarGaugeOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has an enum's value, not its name.
type Json<T> = unknown extends T ? T : T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

// The schema package has no query type of Prometheus; these are the fields that its data source reads.
interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  editorMode?: 'code' | 'builder';
  interval?: string;
}

interface PrometheusAnnotation extends AnnotationQuery<PrometheusQuery> {
  titleFormat?: string;
  textFormat?: string;
}

// Options that are absent take Grafana's defaults.
type PanelOf<Kind extends string, Options, Custom = Record<string, never>> = Omit<
  Panel,
  'type' | 'title' | 'options' | 'fieldConfig' | 'targets'
> & {
  type: Kind;
  title: string;
  options: Partial<Options>;
  fieldConfig: FieldConfigSource<Custom>;
};
type QueryPanel<Kind extends string, Options, Custom = Record<string, never>> = PanelOf<Kind, Options, Custom> & {
  description: string;
  targets: PrometheusQuery[];
};

type AnyPanel =
  | RowPanel
  | PanelOf<'text', TextOptions>
  | QueryPanel<'timeseries', TimeSeriesOptions, GraphFieldConfig>
  | QueryPanel<'stat', StatOptions>
  | QueryPanel<'gauge', GaugeOptions>
  | QueryPanel<'bargauge', BarGaugeOptions>
  | QueryPanel<'table', TableOptions, TableFieldOptions>;

export type DashboardJson = Json<
  Omit<Dashboard, 'uid' | 'title' | 'panels' | 'annotations'> & {
    uid: string;
    title: string;
    panels: AnyPanel[];
    annotations: { list: PrometheusAnnotation[] };
  }
>;
