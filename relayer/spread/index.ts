/** Policies of spreading that no single role owns, and what learns for them. */
export { createDeliveryCosts, type DeliveryCosts, type DeliveryCostsDeps } from './deliveryCosts.ts';
export {
  createLaneMeter,
  type LaneMeter,
  type LaneMeterDeps,
  type LaneReading,
  type MeteredLane,
} from './laneMeter.ts';
export {
  PARTS_MAX,
  planRoutes,
  QUOTES_MAX,
  type RouteAsset,
  type RouteLane,
  type RouteMiddle,
  type RoutePart,
  type RouteQuote,
  type RouteWish,
  whyNoRoute,
} from './planRoutes.ts';
export { type AskQuotes, createQuotes, type Quotes, type QuotesDeps, type QuoteWish } from './quotes.ts';
