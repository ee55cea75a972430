import { downloadText } from '../../lib/download.ts';
import { readToken } from '../../lib/theme.ts';
import { type ChartPicture, chartSvg } from './chart-svg.ts';

const [width, height] = [1_000, 520];
/** Pixels for each unit of the drawing, so that a picture is sharp on paper. */
const scale = 2;

const svgOf = (picture: ChartPicture): string => chartSvg(picture, { width, height, colour: readToken });

export const saveSvg = (filename: string, picture: ChartPicture): void =>
  downloadText(`${filename}.svg`, svgOf(picture), 'image/svg+xml');

export async function savePng(filename: string, picture: ChartPicture): Promise<void> {
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgOf(picture))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement('a');
  link.href = canvas.toDataURL('image/png');
  link.download = `${filename}.png`;
  link.click();
}
