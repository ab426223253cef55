/** Policies of spreading that no single role owns: pure, over core alone. */
export { type ChunkBudget, type ChunkCost, CHUNKS_REMEMBERED, nextChunkSize } from './nextChunkSize.ts';
export {
  PARTS_MAX,
  planRoutes,
  QUOTES_MAX,
  type RouteAsset,
  type RouteLane,
  type RoutePart,
  type RouteQuote,
  type RouteWish,
} from './planRoutes.ts';
export { type AccountView, takesWork, type WorkChoice } from './takesWork.ts';
